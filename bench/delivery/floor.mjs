// The same floor on Node: what everybody says, everybody else hears. The first line of output is the port.
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('message', (message) => {
    for (const other of server.clients) {
      if (other !== socket) other.send(message, { binary: false })
    }
  })
})
server.on('listening', () => console.log(server.address().port))
