// What the samples of the README take for granted: the elements and functions of the page that they are in.
declare const token: string;
declare const signal: AbortSignal;
/** In samples that don't make one. */
declare const room: import('tertulia-client').Room;

declare const theirs: HTMLVideoElement;
declare const mine: HTMLVideoElement;
declare const banner: HTMLElement;
declare const board: HTMLElement;
declare const cameraPicker: HTMLSelectElement;
declare const speakerPicker: HTMLSelectElement;
declare const muteButton: HTMLButtonElement;
declare const hangUp: HTMLButtonElement;
declare const shareButton: HTMLButtonElement;
declare const stopButton: HTMLButtonElement;
declare const handButton: HTMLButtonElement;
declare const clapButton: HTMLButtonElement;
declare const muteAllButton: HTMLButtonElement;

declare function addTile(name: string, source: import('tertulia-client').Source): HTMLVideoElement;
declare function render(snapshot: import('tertulia-client').RoomSnapshot): void;
declare function ring(participants: string[]): void;
declare function show(text: string): void;
declare function addLine(text: string): void;
declare function showBars(level: number, rtt: number | null): void;
declare function draw(from: string, point: { x: number; y: number }): void;
declare function report(error: unknown): void;
declare function help(device: string, code: string): void;
declare function list(labels: string[]): void;
