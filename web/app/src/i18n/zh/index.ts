import type { Words } from '../index.tsx';
import { common } from './common.ts';
import { pages } from './pages.ts';
import { panels } from './panels.ts';
import { stage } from './stage.ts';

export const zh: Words = { common, pages, stage, panels };
