import { describe, expect, it } from 'vitest';
import type { Source } from '../room/room-events.js';
import { Director } from './director.js';

const publication = (id: string, source: Source = 'camera', muted = false) => ({ source, muted, participant: { id } });
const ana = publication('ana');
const ben = publication('ben');
const cora = publication('cora');
const screen = publication('ana', 'screen');
const speaking = (...ids: string[]) => ids.map((participant) => ({ participant, publication: 'm', level: 30 }));
const scene = (publications: (typeof ana)[], speakers = speaking(), spotlight: string | null = null) => ({
  publications,
  speakers,
  spotlight,
});

describe('Director', () => {
  it('shows nothing where nobody sends a picture', () => {
    const talk = publication('ana', 'microphone');
    const dark = publication('ben', 'camera', true);
    expect(new Director().choose(scene([talk, dark], speaking('ana')), 0)).toEqual({ shown: null, again: null });
  });

  it('shows the newest camera while nobody has spoken', () => {
    expect(new Director().choose(scene([ana, ben]), 0).shown).toBe(ben);
  });

  it('prefers a screen to the spotlight, the spotlight to who speaks', () => {
    const director = new Director();
    const later = publication('ben', 'screen');
    expect(director.choose(scene([ana, ben, screen, later, cora], speaking('cora'), 'ana'), 0).shown).toBe(later);
    expect(director.choose(scene([ana, ben, screen, cora], speaking('cora'), 'ben'), 0).shown).toBe(screen);
    expect(director.choose(scene([ana, ben, cora], speaking('cora'), 'ben'), 0).shown).toBe(ben);
    expect(director.choose(scene([ana, ben, cora], speaking('cora')), 0).shown).toBe(cora);
  });

  it('passes over a spotlight and a speaker without a camera', () => {
    const dark = publication('cora', 'camera', true);
    expect(new Director().choose(scene([ana, ben, dark], speaking('cora', 'ana'), 'cora'), 0).shown).toBe(ana);
  });

  it('stays with who spoke last', () => {
    const director = new Director();
    director.choose(scene([ana, ben], speaking('ana')), 0);
    expect(director.choose(scene([ana, ben]), 60_000)).toEqual({ shown: ana, again: null });
    expect(director.choose(scene([ana, ben, screen]), 61_000).shown).toBe(screen);
    expect(director.choose(scene([ana, ben, cora]), 62_000).shown).toBe(ana);
  });

  it('holds who speaks for two seconds, and says when to choose again', () => {
    const director = new Director();
    director.choose(scene([ana, ben], speaking('ana')), 1000);
    expect(director.choose(scene([ana, ben], speaking('ben', 'ana')), 1500)).toEqual({ shown: ana, again: 1500 });
    expect(director.choose(scene([ana, ben], speaking('ana')), 2000)).toEqual({ shown: ana, again: null });
    expect(director.choose(scene([ana, ben], speaking('ben')), 2900)).toEqual({ shown: ana, again: 100 });
    expect(director.choose(scene([ana, ben], speaking('ben')), 3000)).toEqual({ shown: ben, again: null });
  });

  it('holds nobody who is gone', () => {
    const director = new Director();
    director.choose(scene([ana, ben, cora], speaking('ana')), 0);
    expect(director.choose(scene([ben, cora], speaking('ben')), 100).shown).toBe(ben);
  });
});
