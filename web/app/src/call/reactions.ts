/** What one can send with a click, in the order of the menu and of the number keys. */
export const REACTIONS = ['👍', '👏', '❤️', '😂', '😮', '🎉', '👎'] as const;
export type Reaction = (typeof REACTIONS)[number];
