// ws, without compression: rooms are sets of sockets, named by the path. Prints its port.
import { WebSocketServer } from 'ws';

const rooms = new Map();
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', (socket, { url }) => {
  const room = rooms.get(url) ?? new Set();
  rooms.set(url, room.add(socket));
  socket.on('message', (message) => {
    for (const other of room) {
      if (other !== socket) other.send(message, { binary: false });
    }
  });
  socket.on('close', () => room.delete(socket));
});
server.on('listening', () => console.log(server.address().port));
