import { Download, File as FileIcon, Lock, Trash2 } from 'lucide-react';
import { memo, useEffect, useState } from 'react';
import type { Room, SharedFile } from 'tertulia-client';
import { regional, useLanguage } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Named } from '../Named.tsx';
import chat from '../panels/Chat.module.css';
import { useRequest } from '../useRequest.ts';
import styles from './Files.module.css';
import { sizeOf } from './size.ts';

interface Props {
  room: Room;
  file: SharedFile;
  own: boolean;
  mayDelete: boolean;
}

/** A file that somebody has shared, among the messages. */
export const FileItem = memo(function FileItem({ room, file, own, mayDelete }: Props) {
  const { language, words } = useLanguage();
  const { files, panels } = words;
  const { busy, request } = useRequest();
  const [sure, setSure] = useState(false);
  const time = new Date(file.time * 1000);
  const toName = file.to === null ? null : (room.participants.get(file.to)?.name ?? panels.chat.gone);
  return (
    <li className={`${chat.message} ${own ? chat.own : ''}`}>
      <p className={chat.head}>
        <strong className={chat.name}>{own ? panels.chat.you : <bdi>{file.senderName || files.server}</bdi>}</strong>
        {toName !== null && (
          <span className={chat.privacy}>
            <Lock aria-hidden="true" />
            {own ? <Named words={panels.chat.privateTo} name={toName} /> : panels.chat.privateFrom}
          </span>
        )}
        <time className={chat.time} dateTime={time.toISOString()}>
          {new Intl.DateTimeFormat(regional(language), { hour: 'numeric', minute: '2-digit' }).format(time)}
        </time>
      </p>
      {file.preview && <Preview room={room} file={file} preview={file.preview} />}
      <div className={styles.item}>
        <div className={styles.card}>
          <p className={styles.name}>
            <FileIcon aria-hidden="true" />
            <bdi>{file.name}</bdi>
          </p>
          <p className={styles.detail}>{sizeOf(file.size, regional(language))}</p>
        </div>
        <IconButton
          label={files.download(file.name)}
          look="quiet"
          disabled={busy}
          onClick={() => void request(() => download(room, file))}
        >
          <Download />
        </IconButton>
        {mayDelete &&
          (sure ? (
            <button
              type="button"
              className={styles.sure}
              disabled={busy}
              onBlur={() => setSure(false)}
              onClick={() => void request(() => room.files.delete(file.id))}
            >
              {files.reallyDelete}
            </button>
          ) : (
            <IconButton label={files.delete(file.name)} look="quiet" onClick={() => setSure(true)}>
              <Trash2 />
            </IconButton>
          ))}
      </div>
    </li>
  );
});

type PreviewProps = Pick<Props, 'room' | 'file'> & { preview: NonNullable<SharedFile['preview']> };

function Preview({ room, file, preview }: PreviewProps) {
  const { files } = useLanguage().words;
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    room.files.link(file.id, { signal: stop.signal }).then(
      (link) => setSource(link.preview),
      () => undefined,
    );
    return () => stop.abort();
  }, [room, file.id]);
  return (
    // The place is kept while it loads, so that nothing that is read moves.
    <img
      className={styles.preview}
      src={source ?? undefined}
      alt={files.preview(file.name)}
      width={preview.width}
      height={preview.height}
      loading="lazy"
      decoding="async"
    />
  );
}

/** Links end, so it is asked for when it is needed. */
async function download(room: Room, file: SharedFile): Promise<void> {
  const { url } = await room.files.link(file.id);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = file.name;
  anchor.rel = 'noopener';
  anchor.click();
}
