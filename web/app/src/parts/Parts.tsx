import type { ReactNode } from 'react';
import { LiveRegion } from './LiveRegion.tsx';
import { Toasts } from './Toasts.tsx';
import { TooltipProvider } from './Tooltip.tsx';

/** What the parts need around them, once. */
export function Parts({ children }: { children: ReactNode }) {
  return (
    <TooltipProvider>
      <LiveRegion>
        <Toasts>{children}</Toasts>
      </LiveRegion>
    </TooltipProvider>
  );
}
