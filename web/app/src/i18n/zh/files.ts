import type { files as en } from '../en/files.ts';

export const files: typeof en = {
  attach: '添加文件',
  drop: '将文件拖放到此处即可分享',
  server: '服务器',
  shared: (name, file) => `${name} 分享了 ${file}`,
  uploading: (name) => `正在上传 ${name}`,
  waiting: '等待中…',
  giveUp: (name) => `取消 ${name}`,
  failed: '未能分享。',
  failedHint: {
    not_allowed: '你没有在此分享文件的权限。',
    too_large: '文件太大。',
    type_refused: '此处不接受这种类型的文件。',
    storage_full: '存储空间不足。',
    too_many_uploads: '同时发送的文件过多。',
    no_such_participant: '对方已离开。',
    unreachable: '无法连接到服务器。',
    closed: '连接已结束。',
  },
  failedFallback: '请稍后再试。',
  preview: (name) => `图片 ${name}`,
  download: (name) => `下载 ${name}`,
  delete: (name) => `删除 ${name}`,
  reallyDelete: '对所有人删除',
};
