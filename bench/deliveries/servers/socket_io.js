// Socket.IO's own server. Prints its port.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { serveClient: false });
io.on('connection', (socket) => {
  socket.on('join', (room, done) => {
    socket.join(room);
    done();
  });
  socket.on('say', (room, text) => socket.to(room).emit('said', text));
});
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
