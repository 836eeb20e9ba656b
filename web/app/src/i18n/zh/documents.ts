import type { documents as en } from '../en/documents.ts';

export const documents: typeof en = {
  opening: '正在打开…',
  offline: '连接已断开：你的更改会在重新连接后同步给其他人。',
  readOnly: '你可以查看，但不能更改。',
  failed: '无法打开。请关闭后重试。',
  problem: {
    too_large: '内容已满：你最后的更改只保留在你这里。',
    not_allowed: '你不再有更改的权限。',
    invalid: '服务器无法识别你的更改。请关闭后重新打开。',
    too_many_documents: '此房间打开的文档过多。',
    store_failed: '服务器暂时无法读取。',
  },
  others: (names) => `同时在此：${names.join('、')}`,
  notes: {
    title: '笔记',
    field: '共享笔记',
    placeholder: '房间里的所有人在此共同编写。',
    undo: '撤销',
    redo: '重做',
  },
  board: {
    title: '白板',
    close: '关闭白板',
    menu: '白板菜单',
    loading: '正在加载白板…',
  },
};
