/** In place of the room's own modules in `viewer.js`: who only shows a stream publishes nothing, and every byte is downloaded. */
export const SendSection = Object;

export const LocalPublication = Object;

export const shareDisplay = async (): Promise<null> => null;
