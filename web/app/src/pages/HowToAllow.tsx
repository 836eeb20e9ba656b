import { browserOf } from '../browser.ts';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import styles from './HowToAllow.module.css';

interface Props {
  open: boolean;
  onClose: () => void;
  /** What is blocked, in words. */
  what: string;
  onRetry: () => void;
}

/** Where this browser keeps its permissions, step by step. */
export function HowToAllow({ open, onClose, what, onRetry }: Props) {
  const { common, pages } = useWords();
  const { allow } = pages;
  const retry = () => {
    onClose();
    onRetry();
  };
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={allow.title(what)}
      description={allow.description}
      footer={<Button onClick={retry}>{common.tryAgain}</Button>}
    >
      <ol className={styles.steps}>
        {allow.steps[browserOf(navigator.userAgent)].map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p className={styles.system}>{allow.system}</p>
    </Dialog>
  );
}
