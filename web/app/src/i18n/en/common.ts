/** What more than one page says. */
export const common = {
  appName: 'Tertulia',
  close: 'Close',
  cancel: 'Cancel',
  tryAgain: 'Try again',
  notifications: 'Notifications',
  notificationsHint: 'Notifications ({hotkey})',

  camera: 'Camera',
  microphone: 'Microphone',
  speaker: 'Speaker',
  cameraOn: 'Turn camera on',
  cameraOff: 'Turn camera off',
  microphoneOn: 'Unmute microphone',
  microphoneOff: 'Mute microphone',
  starting: 'Starting…',
  level: 'Microphone level',
  you: 'You',

  deviceTitle: {
    denied: (what: string) => `${what} is blocked`,
    'no-device': (what: string) => `No ${what.toLowerCase()} found`,
    'in-use': (what: string) => `${what} is used by another program`,
    insecure: (_what: string) => 'This page is not secure',
    failed: (what: string) => `${what} could not be started`,
  },
  deviceHint: {
    denied: 'Your browser does not let this page use it.',
    'no-device': 'Connect one and try again.',
    'in-use': 'Close the other program, then try again.',
    insecure:
      'Browsers give out camera and microphone only over https or on localhost. Ask whoever runs this server to turn on TLS.',
    failed: 'Try again, or choose another device.',
  },
};
