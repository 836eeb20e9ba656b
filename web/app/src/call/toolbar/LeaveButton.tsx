import { LogOut, PhoneOff } from 'lucide-react';
import { useState } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { Menu, MenuItem } from '../../parts/Menu.tsx';
import { ToolButton } from './ToolButton.tsx';

interface Props {
  /** Also offers to end the call for everyone. */
  mayEnd: boolean;
  onLeave: () => void;
  onEnd: () => void;
}

/** Hangs up. */
export function LeaveButton({ mayEnd, onLeave, onEnd }: Props) {
  const { toolbar } = useWords().panels;
  const [leaving, setLeaving] = useState(false);
  const leave = () => {
    setLeaving(true);
    onLeave();
  };
  if (!mayEnd)
    return (
      <ToolButton label={toolbar.leave} look="danger" disabled={leaving} onClick={leave}>
        <PhoneOff />
      </ToolButton>
    );
  return (
    <Menu
      align="end"
      trigger={
        <ToolButton label={toolbar.leave} look="danger" disabled={leaving}>
          <PhoneOff />
        </ToolButton>
      }
    >
      <MenuItem icon={<LogOut />} onSelect={leave}>
        {toolbar.leave}
      </MenuItem>
      <MenuItem icon={<PhoneOff />} danger onSelect={onEnd}>
        {toolbar.endForAll}
      </MenuItem>
    </Menu>
  );
}
