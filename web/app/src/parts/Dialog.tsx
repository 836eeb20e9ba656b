import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { useWords } from '../i18n/index.tsx';
import styles from './Dialog.module.css';
import { focusOrigin } from './focus.ts';
import { IconButton } from './IconButton.tsx';

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  /** The decisions, at the lower end. */
  footer?: ReactNode;
  wide?: boolean;
  children?: ReactNode;
}

/** A modal dialog. Focus goes in, stays in, and returns to where it came from. */
export function Dialog({ open, onClose, title, description, footer, wide = false, children }: Props) {
  const { common } = useWords();
  // Taken while rendering: when effects run, a menu that opened the dialog is gone.
  const [was, setWas] = useState<{ open: boolean; origin: HTMLElement | null }>({ open: false, origin: null });
  if (was.open !== open) setWas({ open, origin: open ? focusOrigin() : was.origin });

  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay}>
          <Radix.Content
            className={`${styles.dialog} ${wide ? styles.wide : ''}`}
            {...(description === undefined ? { 'aria-describedby': undefined } : {})}
            // Not the first button, which would be “Close”. Something inside may still ask for it by `autoFocus`.
            onOpenAutoFocus={(event) => {
              event.preventDefault();
              (event.currentTarget as HTMLElement).focus({ preventScroll: true });
            }}
            onCloseAutoFocus={(event) => {
              event.preventDefault();
              was.origin?.focus();
            }}
          >
            <header className={styles.header}>
              <Radix.Title className={styles.title}>{title}</Radix.Title>
              <Radix.Close asChild>
                <IconButton label={common.close} look="quiet" side="bottom">
                  <X />
                </IconButton>
              </Radix.Close>
            </header>
            <div className={styles.body}>
              {description !== undefined && (
                <Radix.Description className={styles.description}>{description}</Radix.Description>
              )}
              {children}
            </div>
            {footer && <footer className={styles.footer}>{footer}</footer>}
          </Radix.Content>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  );
}
