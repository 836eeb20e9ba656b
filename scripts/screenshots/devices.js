// Stands in for camera, microphone and screen: a drawn PERSON at a desk, silence, a slide.
const FPS = 8;

function drawn(width, height, draw) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  const frame = () => draw(context, width, height, performance.now() / 1000);
  frame();
  setInterval(frame, 1000 / FPS);
  return canvas.captureStream(FPS);
}

function rounded(g, fill, x, y, w, h, r) {
  g.fillStyle = fill;
  g.beginPath();
  g.roundRect(x, y, w, h, r);
  g.fill();
}

function oval(g, fill, x, y, w, h, from = 0, to = 7) {
  g.fillStyle = fill;
  g.beginPath();
  g.ellipse(x, y, w, h, 0, from, to);
  g.fill();
}

function portrait(g, width, height, time) {
  const { wall, shirt, skin, hair, style } = PERSON;
  g.setTransform(width / 960, 0, 0, height / 540, 0, 0);
  const light = g.createLinearGradient(0, 0, 960, 540);
  light.addColorStop(0, `hsl(${wall} 32% 82%)`);
  light.addColorStop(1, `hsl(${wall} 28% 58%)`);
  g.fillStyle = light;
  g.fillRect(0, 0, 960, 540);
  // A window, a shelf with books, a plant.
  rounded(g, '#fff', 690, 40, 210, 210, 10);
  rounded(g, 'hsl(205 60% 84%)', 702, 52, 90, 186, 4);
  rounded(g, 'hsl(205 60% 84%)', 798, 52, 90, 186, 4);
  rounded(g, `hsl(${wall} 22% 40%)`, 60, 190, 230, 14, 4);
  for (let book = 0; book < 7; book += 1) {
    const high = 62 + ((book * 37) % 28);
    rounded(g, `hsl(${(wall + book * 47) % 360} 38% 52%)`, 74 + book * 26, 190 - high, 20, high, 3);
  }
  rounded(g, 'hsl(18 45% 48%)', 760, 430, 90, 110, 12);
  for (const [x, y, turn] of [[775, 370, -0.5], [805, 345, 0], [838, 372, 0.5]]) {
    g.fillStyle = 'hsl(140 35% 36%)';
    g.beginPath();
    g.ellipse(x, y, 24, 70, turn, 0, 7);
    g.fill();
  }
  const x = 470 + Math.sin(time * 1.3) * 5;
  const y = 250 + Math.sin(time * 0.9) * 3;
  if (style === 'long') rounded(g, hair, x - 122, y - 120, 244, 320, 110);
  if (style === 'bun') oval(g, hair, x, y - 165, 52, 48);
  rounded(g, `hsl(${shirt} 42% 40%)`, x - 215, 410, 430, 260, 130);
  rounded(g, skin, x - 42, y + 90, 84, 110, 38);
  g.fillStyle = `hsl(${shirt} 42% 33%)`;
  g.beginPath();
  g.moveTo(x - 62, 412);
  g.lineTo(x, 470);
  g.lineTo(x + 62, 412);
  g.lineTo(x + 40, 408);
  g.lineTo(x, 448);
  g.lineTo(x - 40, 408);
  g.fill();
  for (const side of [-1, 1]) oval(g, skin, x + side * 100, y + 6, 16, 26);
  if (style === 'beard') oval(g, hair, x, y + 38, 100, 106, 0, Math.PI);
  oval(g, skin, x, y, 100, style === 'beard' ? 108 : 126);
  oval(g, hair, x, y - 52, 106, 86, Math.PI, 0);
  for (const side of [-1, 1]) {
    oval(g, '#fff', x + side * 40, y + 2, 16, 11);
    oval(g, '#2c201a', x + side * 40 + Math.sin(time / 2) * 2, y + 2, 8, 9);
    g.strokeStyle = hair;
    g.lineWidth = 6;
    g.lineCap = 'round';
    g.beginPath();
    g.arc(x + side * 40, y - 2, 26, Math.PI * 1.25, Math.PI * 1.75);
    g.stroke();
  }
  g.strokeStyle = 'rgb(120 60 45 / 45%)';
  g.lineWidth = 5;
  g.beginPath();
  g.arc(x, y + 24, 12, 0.5, Math.PI - 0.5);
  g.stroke();
  g.strokeStyle = '#8e3f3a';
  g.lineWidth = 6;
  g.beginPath();
  g.arc(x, y + 40, 36, 0.5, Math.PI - 0.5);
  g.stroke();
}

function slide(g, width, height) {
  g.fillStyle = '#fbfaf7';
  g.fillRect(0, 0, width, height);
  rounded(g, '#0a7463', 0, 0, 28, height, 0);
  g.fillStyle = '#1b2a2f';
  g.font = '600 68px "Noto Sans", "DejaVu Sans", sans-serif';
  g.fillText('A garden for our street', 110, 150);
  g.font = '36px "Noto Sans", "DejaVu Sans", sans-serif';
  for (const [line, text] of ['Twelve beds, one shed, no fence', 'Water from the school’s roof', 'First planting on 4 April'].entries()) {
    oval(g, '#0a7463', 122, 238 + line * 70, 8, 8);
    g.fillStyle = '#4a5a60';
    g.fillText(text, 150, 250 + line * 70);
  }
  g.fillText('Volunteers by month', 110, 500);
  const months = [4, 7, 9, 14, 18, 23];
  for (const [month, people] of months.entries()) {
    const high = people * 10;
    rounded(g, month === months.length - 1 ? '#0a7463' : '#9bcfc4', 120 + month * 120, 800 - high, 84, high, 8);
  }
  rounded(g, '#dcefe9', 960, 200, 520, 600, 24);
  for (let bed = 0; bed < 12; bed += 1) {
    const [left, top] = [1000 + (bed % 3) * 155, 240 + Math.floor(bed / 3) * 135];
    rounded(g, '#b98a5e', left, top, 130, 105, 12);
    for (let plant = 0; plant < 3; plant += 1)
      oval(g, `hsl(${100 + ((bed * 17 + plant * 9) % 50)} 45% 42%)`, left + 30 + plant * 36, top + 52, 14, 22);
  }
  g.fillStyle = '#8a979b';
  g.fillText('1 / 6', width - 120, height - 40);
}

const LABELS = { videoinput: 'Desk camera', audioinput: 'Desk microphone', audiooutput: 'Headphones' };
const found = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
navigator.mediaDevices.enumerateDevices = async () => {
  const kinds = new Set();
  return (await found())
    .filter(({ kind }) => !kinds.has(kind) && kinds.add(kind))
    .map(({ deviceId, groupId, kind }) => ({ deviceId, groupId, kind, label: LABELS[kind] }));
};

const silence = () => new AudioContext().createMediaStreamDestination().stream;
navigator.mediaDevices.getUserMedia = async ({ audio }) => (audio ? silence() : drawn(960, 540, portrait));
navigator.mediaDevices.getDisplayMedia = async () => drawn(1600, 900, slide);
