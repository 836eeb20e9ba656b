import { Languages } from 'lucide-react';
import { LANGUAGES, type Language, useLanguage } from '../../i18n/index.tsx';
import { Select } from '../../parts/Select.tsx';

export function LanguageSelect() {
  const { language, words, setLanguage } = useLanguage();
  return (
    <Select
      label={words.pages.language}
      icon={<Languages aria-hidden="true" />}
      value={language}
      options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
      onChange={(value) => setLanguage(value as Language)}
    />
  );
}
