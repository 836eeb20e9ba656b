import { X } from 'lucide-react';
import { regional, useLanguage } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import styles from './Files.module.css';
import { sizeOf } from './size.ts';
import type { Outbound, Uploads } from './uploads.ts';

/** A file on its way. */
export function UploadItem({ upload, uploads }: { upload: Outbound; uploads: Uploads }) {
  const { language, words } = useLanguage();
  const { common, files } = words;
  const { key, name, size, sent, state, code } = upload;
  const share = size === 0 ? 0 : Math.min(1, sent / size);
  const inPercent = new Intl.NumberFormat(regional(language), { style: 'percent' }).format(share);
  const sentOf = `${sizeOf(sent, regional(language))} / ${sizeOf(size, regional(language))}`;
  return (
    <li className={styles.item}>
      <div className={styles.card}>
        <p className={styles.name}>
          <bdi>{name}</bdi>
        </p>
        {state === 'failed' ? (
          <p role="alert" className={styles.problem}>
            <span>
              {files.failed} {files.failedHint[code] ?? files.failedFallback}
            </span>
            <button type="button" onClick={() => uploads.retry(key)}>
              {common.tryAgain}
            </button>
          </p>
        ) : (
          <>
            <progress className={styles.progress} value={share} aria-label={files.uploading(name)} />
            <p className={styles.detail}>{state === 'waiting' ? files.waiting : `${inPercent} · ${sentOf}`}</p>
          </>
        )}
      </div>
      <IconButton label={files.giveUp(name)} look="quiet" onClick={() => uploads.giveUp(key)}>
        <X />
      </IconButton>
    </li>
  );
}
