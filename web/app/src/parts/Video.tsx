import { useEffect, useRef } from 'react';

/** A received publication that wants to know how it is shown, so that no more is sent than is seen. */
export interface Followed {
  follow(element: Element, options: { signal: AbortSignal }): void;
}

interface Props {
  /** The same object for as long as the publication lives: its track may change inside. */
  stream: MediaStream | null;
  followed?: Followed | undefined;
  mirrored?: boolean;
  className?: string | undefined;
}

/** Moving pictures without sound; sound has elements of its own, so that no layout change ever interrupts it. */
export function Video({ stream, followed, mirrored = false, className }: Props) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = stream;
  }, [stream]);
  // What plays is never collected, nor is the page that it was taken out of.
  useEffect(() => {
    const video = element.current;
    return () => {
      if (video) video.srcObject = null;
    };
  }, []);
  useEffect(() => {
    if (!element.current || !followed) return;
    const until = new AbortController();
    followed.follow(element.current, { signal: until.signal });
    return () => until.abort();
  }, [followed]);
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
