/** The dialogs that the call page opens for itself; one at a time. */
export type DialogName = 'settings' | 'statistics' | 'shortcuts' | 'invite' | 'end' | 'doctor';
