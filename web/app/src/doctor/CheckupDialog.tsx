import { useWords } from '../i18n/index.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Checkup } from './Checkup.tsx';
import type { Target } from './target.ts';

interface Props extends Omit<Target, 'base'> {
  onClose: () => void;
}

/** The same over the page that one is on: what goes on there goes on. */
export function CheckupDialog({ onClose, ...target }: Props) {
  const { pages } = useWords();
  return (
    <Dialog open wide onClose={onClose} title={pages.doctor.title}>
      <Checkup base={document.baseURI} {...target} />
    </Dialog>
  );
}
