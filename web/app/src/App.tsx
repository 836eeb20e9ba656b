import { useEffect, useState } from 'react';
import { Landing } from './pages/Landing.tsx';
import { RoomPage } from './pages/RoomPage.tsx';
import { here } from './place.ts';
import { words } from './words.ts';

export function App() {
  const [place] = useState(here);
  useEffect(() => {
    document.title = place.page === 'room' ? `${place.room} · ${words.appName}` : words.appName;
  }, [place]);
  return place.page === 'room' ? <RoomPage room={place.room} token={place.token} /> : <Landing />;
}
