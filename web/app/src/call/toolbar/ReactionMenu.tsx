import { SmilePlus } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useWords } from '../../i18n/index.tsx';
import styles from './Reactions.module.css';
import { ReactionRow } from './Reactions.tsx';
import { ToolButton } from './ToolButton.tsx';

/** Opens the row of reactions above its button. */
export function ReactionMenu({ onReact }: { onReact: (reaction: string) => void }) {
  const { toolbar } = useWords().panels;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <ToolButton label={toolbar.react}>
          <SmilePlus />
        </ToolButton>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles.popover}
          side="top"
          sideOffset={8}
          collisionPadding={8}
          aria-label={toolbar.react}
        >
          <ReactionRow onReact={onReact} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
