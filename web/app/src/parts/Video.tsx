import { useEffect, useRef } from 'react';

interface Props {
  /** The same object for as long as the publication lives: its track may change inside. */
  stream: MediaStream | null;
  mirrored?: boolean;
  className?: string | undefined;
}

/** Moving pictures without sound; sound has elements of its own, so that no layout change ever interrupts it. */
export function Video({ stream, mirrored = false, className }: Props) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = stream;
  }, [stream]);
  return (
    <video
      ref={element}
      className={className}
      style={mirrored ? { transform: 'scaleX(-1)' } : undefined}
      muted
      autoPlay
      playsInline
      disablePictureInPicture
    />
  );
}
