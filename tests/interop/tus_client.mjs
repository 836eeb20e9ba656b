// npm's tus-js-client, unmodified: uploads a file, is stopped in the middle, and goes on. Prints where the upload is.
// node tus_client.mjs ENDPOINT TOKEN FILE NAME
import { createReadStream, statSync } from 'node:fs';
import { Upload } from 'tus-js-client';

const [endpoint, token, file, name] = process.argv.slice(2);
const uploadSize = statSync(file).size;
let stopped = false;

function send(uploadUrl) {
  return new Promise((resolve, reject) => {
    const upload = new Upload(createReadStream(file), {
      endpoint,
      uploadUrl,
      uploadSize,
      chunkSize: 1_000_000,
      retryDelays: [0, 100, 500],
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: name },
      onError: reject,
      onSuccess: () => resolve(upload.url),
      onProgress: (sent) => {
        if (stopped || sent < uploadSize / 2) return;
        // In the middle of a request: what it has sent is lost or not, and only the server knows.
        stopped = true;
        void upload.abort().then(() => resolve(send(upload.url)));
      },
    });
    upload.start();
  });
}

const url = await send(null);
if (!stopped) throw new Error('it was never stopped');
console.log(url);
