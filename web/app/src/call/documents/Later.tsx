import { type ComponentType, type ReactNode, useEffect, useState } from 'react';

interface Props<P> {
  load: () => Promise<{ default: ComponentType<P> }>;
  props: P;
  /** Shown until it is there; `failed`: it could not be loaded. */
  meanwhile: (failed: boolean) => ReactNode;
}

/** A part of the page that is downloaded when it is needed. `load` has to be the same each time. */
export function Later<P extends object>({ load, props, meanwhile }: Props<P>) {
  const [Part, setPart] = useState<ComponentType<P> | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    load().then(
      (module) => wanted && setPart(() => module.default),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  return Part ? <Part {...props} /> : meanwhile(failed);
}
