import { common } from './common.ts';
import { documents } from './documents.ts';
import { files } from './files.ts';
import { pages } from './pages.ts';
import { panels } from './panels.ts';
import { stage } from './stage.ts';

export const en = { common, files, pages, stage, panels, documents };
