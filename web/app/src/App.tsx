import { useEffect } from 'react';
import type { Hello, Parent } from './embed.ts';
import { LanguageProvider, type Speech } from './i18n/index.tsx';
import { DoctorPage } from './pages/DoctorPage.tsx';
import { Landing } from './pages/Landing.tsx';
import { RoomPage } from './pages/RoomPage.tsx';
import { Parts } from './parts/Parts.tsx';
import type { Place } from './place.ts';
import { remember, usePrefs } from './prefs.ts';
import { applyTheme } from './theme.ts';

interface Props {
  place: Place;
  speech: Speech;
  /** Null where the page stands by itself. */
  embedding: { parent: Parent; hello: Hello | null } | null;
}

export function App({ place, speech, embedding }: Props) {
  const { theme } = usePrefs();
  useEffect(() => applyTheme(theme), [theme]);
  return (
    <LanguageProvider initial={speech} onChange={(language) => remember({ language })}>
      <Parts>
        <Page place={place} embedding={embedding} />
      </Parts>
    </LanguageProvider>
  );
}

function Page({ place, embedding }: Pick<Props, 'place' | 'embedding'>) {
  switch (place.page) {
    case 'room':
      return <RoomPage place={place} embedding={embedding} />;
    case 'doctor':
      return <DoctorPage place={place} />;
    case 'landing':
      return <Landing />;
  }
}
