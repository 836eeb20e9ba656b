import type { common as en } from '../en/common.ts';

export const common: typeof en = {
  appName: 'Tertulia',
  close: '关闭',
  cancel: '取消',
  tryAgain: '重试',
  notifications: '通知',
  notificationsHint: '通知（{hotkey}）',

  camera: '摄像头',
  microphone: '麦克风',
  speaker: '扬声器',
  cameraOn: '打开摄像头',
  cameraOff: '关闭摄像头',
  microphoneOn: '取消静音',
  microphoneOff: '静音',
  starting: '正在启动…',
  level: '麦克风音量',
  you: '我',

  deviceTitle: {
    denied: (what: string) => `${what}已被禁用`,
    'no-device': (what: string) => `未找到${what}`,
    'in-use': (what: string) => `${what}正被其他程序占用`,
    insecure: (_what: string) => '此页面的连接不安全',
    failed: (what: string) => `${what}无法启动`,
  },
  deviceHint: {
    denied: '浏览器不允许此页面使用它。',
    'no-device': '请接好设备后重试。',
    'in-use': '请关闭占用它的程序，然后重试。',
    insecure: '浏览器只允许在 https 或 localhost 页面上使用摄像头和麦克风。请联系服务器管理员启用 TLS。',
    failed: '请重试，或选择其他设备。',
  },
};
