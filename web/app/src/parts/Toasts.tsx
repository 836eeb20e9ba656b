import { X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';
import { useWords } from '../i18n/index.tsx';
import { IconButton } from './IconButton.tsx';
import styles from './Toasts.module.css';

export interface Toast {
  text: string;
  /** Something to do about it; such a toast stays twice as long. */
  action?: { label: string; onPress: () => void };
}

/** Shows a short message, and has it read politely. A text that is shown already is not shown twice. */
export type ShowToast = (toast: Toast) => void;

const Context = createContext<ShowToast>(() => undefined);

export const useToasts = (): ShowToast => useContext(Context);

const SHOWN_FOR = 5000;

export function Toasts({ children }: { children: ReactNode }) {
  const { common } = useWords();
  const [toasts, setToasts] = useState<readonly (Toast & { id: number })[]>([]);
  const count = useRef(0);
  const show = useCallback((toast: Toast) => {
    setToasts((shown) =>
      shown.some(({ text }) => text === toast.text) ? shown : [...shown, { ...toast, id: ++count.current }],
    );
  }, []);
  const remove = (id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id));

  return (
    <Context.Provider value={show}>
      <Radix.Provider label={common.notifications} swipeDirection="right">
        {children}
        {toasts.map(({ id, text, action }) => (
          <Radix.Root
            key={id}
            className={styles.toast}
            type="background"
            duration={action ? 2 * SHOWN_FOR : SHOWN_FOR}
            onOpenChange={(open) => !open && remove(id)}
          >
            <Radix.Description className={styles.text}>{text}</Radix.Description>
            {action && (
              <Radix.Action className={styles.action} altText={action.label} onClick={action.onPress}>
                {action.label}
              </Radix.Action>
            )}
            <Radix.Close asChild>
              <IconButton label={common.close} look="quiet">
                <X />
              </IconButton>
            </Radix.Close>
          </Radix.Root>
        ))}
        <Radix.Viewport className={styles.list} label={common.notificationsHint} />
      </Radix.Provider>
    </Context.Provider>
  );
}
