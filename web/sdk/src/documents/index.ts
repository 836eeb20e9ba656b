/**
 * Documents that people write together: Yjs over the room's own connection. `room.document()` loads this module by itself; import it for Yjs'
 * own types where a page has no bundler.
 *
 * @module documents
 */

export { Awareness } from 'y-protocols/awareness';
export * as Y from 'yjs';
export type { DocumentStatus, SharedDocument, SharedDocumentEvents } from './shared-document.js';
/** @internal */
export { createDocument } from './synchronizer.js';
