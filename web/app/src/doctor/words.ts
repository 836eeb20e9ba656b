import { doctor as en } from '../i18n/en/doctor.ts';
import { type Language, useLanguage } from '../i18n/index.tsx';
import { doctor as zh } from '../i18n/zh/doctor.ts';
import type { Check } from './check.ts';

export type DoctorWords = typeof en;

const languages: Record<Language, DoctorWords> = { en, zh };

export const useDoctorWords = (): DoctorWords => languages[useLanguage().language];

/** What a check means for this person. Empty before it has ended. */
export function meaningOf({ id, state, detail }: Check, words: DoctorWords): string {
  const why = detail.reason ? words.why[detail.reason] : words.notAsked;
  switch (state) {
    case 'ok':
      return words.works[id](detail);
    case 'skipped':
      return why;
    case 'failed':
    case 'warning':
      // Why a page is not secure needs no second sentence.
      return id === 'secure' || !detail.reason ? words.fails[id] : words.both(words.fails[id], why);
    default:
      return '';
  }
}
