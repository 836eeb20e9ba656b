import type { Detail, Road } from '../../doctor/check.ts';
import type { doctor as en } from '../en/doctor.ts';

const within = (rtt: number | undefined) => (rtt === undefined ? '' : `往返时间 ${rtt} 毫秒。`);

const roads: Record<Road, string> = {
  udp: '通过 UDP 直达服务器，质量最佳。',
  tcp: '通过 TCP 传输：通话可用，但延迟较高。',
  tls: '通过 TLS 传输：通话可用，但延迟较高。',
};

function stun({ address, nat }: Detail): string {
  if (nat === 'none' || !address) return '没有路由器改写你的地址，容易建立直连。';
  if (nat === 'symmetric') return `从外部看你的地址是 ${address}，且对每一方使用不同端口。直连通话大多需要中继。`;
  const router = nat === 'nat' ? '，位于路由器之后' : '';
  return `从外部看你的地址是 ${address}${router}。与多数人可以直连。`;
}

const relay = (road: string) => (detail: Detail) => `数据通过 ${road} 经中继往返成功。${within(detail.rtt)}`;

export const doctor: typeof en = {
  visitor: '连接检测',
  lead: '这里会尝试通话可能使用的每一条线路。摄像头和麦克风保持关闭。',
  verdict: {
    checking: { title: '正在尝试通往服务器的每一条线路…', text: () => '需要几秒钟。' },
    udp: { title: '可以正常通话', text: () => '视频将通过 UDP 直接传输，质量最佳。' },
    tcp: {
      title: '可以通话，但延迟较高',
      text: (open) => `你的网络阻止了 UDP，音视频改走 TCP。要获得最佳质量，请管理员开放 ${open}。`,
    },
    tls: {
      title: '可以通话，但延迟较高',
      text: (open) => `你的网络只允许加密的 TCP，音视频将走这条线路。要获得最佳质量，请管理员开放 ${open}。`,
    },
    partly: {
      title: '通话可能不稳定',
      text: () => '可以连上中继，但连不上服务器自己的音视频端口。请把报告发给服务器的管理者。',
    },
    unknown: {
      title: '服务器有响应，其余未能检测',
      text: () => '服务器只向受邀者公开线路。请通过邀请链接加入；如果无法连接，可在那里进行检测。',
    },
    blocked: {
      title: '在这里无法通话',
      text: (open) => `音视频完全无法通过。请让管理员开放 ${open}。`,
    },
    'no-socket': {
      title: '在这里无法通话',
      text: () => '服务器的页面可以打开，但途中的代理等设备阻止了 WebSocket。请让管理员放行。',
    },
    'no-server': {
      title: '无法连接服务器',
      text: () => '请检查网络。如果其他网页可以打开，可能是服务器停止了，请告知管理者。',
    },
    'no-webrtc': {
      title: '此浏览器无法参加通话',
      text: () => '缺少 WebRTC，或已被关闭（例如被扩展程序关闭）。请使用最新版的 Chrome、Edge、Firefox 或 Safari。',
    },
  },
  open: (udp, tcp) => [udp && `到 ${udp} 的 UDP`, tcp && `到 ${tcp} 的 TCP`].filter(Boolean).join('或'),
  list: '检测项目',
  again: '重新检测',
  copy: '复制报告',
  copyHint: '可发给管理员，其中不含密码和邀请。',
  copied: '已复制',
  notCopied: '浏览器不允许此页面复制。',
  tryDevices: '测试摄像头和麦克风',
  tryDevicesHint: '浏览器会请求你的许可。',

  state: {
    waiting: '尚未检测',
    running: '正在检测',
    ok: '正常',
    warning: '需要注意',
    failed: '不可用',
    skipped: '未检测',
  },
  name: {
    browser: '浏览器',
    secure: '安全页面',
    server: '服务器',
    socket: '消息（WebSocket）',
    media: '画面和声音',
    stun: '你的地址（STUN）',
    'turn-udp': 'UDP 中继',
    'turn-tcp': 'TCP 中继',
    'turn-tls': 'TLS 中继',
    camera: '摄像头',
    microphone: '麦克风',
  },
  works: {
    browser: () => '可以参加通话。',
    secure: () => '此页面可以使用摄像头和麦克风。',
    server: ({ rtt }) => `有响应。${within(rtt)}`,
    socket: ({ rtt }) => `可以通过。${within(rtt)}`,
    media: ({ road, rtt }) => `${roads[road ?? 'udp']}${within(rtt)}`,
    stun,
    'turn-udp': relay('UDP'),
    'turn-tcp': relay('TCP'),
    'turn-tls': relay('TLS'),
    camera: () => '你已允许使用。',
    microphone: () => '你已允许使用。',
  },
  fails: {
    browser: '无法参加通话。',
    secure: '浏览器只允许在 https 或 localhost 页面上使用摄像头和麦克风。请联系服务器管理者启用 TLS。',
    server: '没有响应。',
    socket: '无法通过。',
    media: '音视频无法到达服务器。',
    stun: '没有响应：你的网络似乎阻止了 UDP。',
    'turn-udp': '没有数据通过。UDP 被阻止时会改用 TCP 或 TLS。',
    'turn-tcp': '没有数据通过。',
    'turn-tls': '没有数据通过。',
    camera: '其他人将看不到你，但你可以观看和收听。',
    microphone: '其他人将听不到你，但你可以观看和收听。',
  },
  why: {
    timeout: '未能及时得到响应。',
    unreachable: '没有任何响应。',
    credentials: '中继不接受服务器给出的密码。请告知服务器的管理者。',
    quota: '中继已没有空位。',
    invitation: '服务器要求持有邀请。',
    refused: '你的邀请无效或已失效。',
    'not-offered': '服务器不提供此项。',
    'waiting-room': '需要主持人先准许你进入。',
    personal: '你的邀请仅限本人：在这里检测会让你退出别处的通话。',
    unsupported: '此浏览器不支持。',
    denied: '浏览器已禁止此页面使用它。',
    'no-device': '没有找到设备。',
    'in-use': '正被其他程序占用。',
    insecure: '此页面的连接不安全。',
    error: '发生了意外情况，详见报告。',
  },
  notAsked: '加入时浏览器会请求许可。',
  both: (one, other) => `${one}${other}`,
};
