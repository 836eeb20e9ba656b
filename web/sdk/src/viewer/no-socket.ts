/** In place of media by the socket in `viewer.js`: without WebRTC it shows nothing, and every byte is downloaded. */
export const canTakeSocket = () => false;

export const openSocketLink = () => Promise.reject(new Error('No media by the socket.'));
