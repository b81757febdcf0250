"""Which methods may be called again after a failure, by their paths on gRPC.

Written from the contract by `make proto`; changes by hand do not last.
"""

REPEATABLE = frozenset(
    [
        "/unified.notify.v1.NotificationService/ArchiveNotification",
        "/unified.notify.v1.NotificationService/CountUnreadNotifications",
        "/unified.notify.v1.NotificationService/DeleteNotification",
        "/unified.notify.v1.NotificationService/ExplainNotification",
        "/unified.notify.v1.NotificationService/GetPreferences",
        "/unified.notify.v1.NotificationService/ListLatestNotifications",
        "/unified.notify.v1.NotificationService/ListNewNotifications",
        "/unified.notify.v1.NotificationService/ListNotifications",
        "/unified.notify.v1.NotificationService/MarkNotificationRead",
        "/unified.notify.v1.NotificationService/MarkNotificationUnread",
        "/unified.notify.v1.NotificationService/MarkNotificationsRead",
        "/unified.notify.v1.NotificationService/MarkNotificationsSeen",
        "/unified.notify.v1.NotificationService/SetPreferences",
        "/unified.notify.v1.NotificationService/UnarchiveNotification",
        "/unified.task.v1.CommentService/DeleteComment",
        "/unified.task.v1.CommentService/GetComment",
        "/unified.task.v1.CommentService/ListComments",
        "/unified.task.v1.CommentService/UpdateComment",
        "/unified.task.v1.TaskService/DeleteTask",
        "/unified.task.v1.TaskService/GetTask",
        "/unified.task.v1.TaskService/ListTaskChanges",
        "/unified.task.v1.TaskService/ListTaskHistory",
        "/unified.task.v1.TaskService/ListTasks",
        "/unified.task.v1.TaskService/RestoreTask",
        "/unified.task.v1.TaskService/UpdateTask",
        "/unified.task.v1.TransferService/ExportTasks",
        "/unified.task.v1.TransferService/ImportTasks",
        "/unified.user.v1.UserService/GetProfile",
        "/unified.user.v1.UserService/UpdateProfile",
    ]
)
TAKES_KEY = frozenset(
    [
        "/unified.notify.v1.NotificationService/ArchiveNotification",
        "/unified.notify.v1.NotificationService/DeleteNotification",
        "/unified.notify.v1.NotificationService/MarkNotificationRead",
        "/unified.notify.v1.NotificationService/MarkNotificationUnread",
        "/unified.notify.v1.NotificationService/MarkNotificationsRead",
        "/unified.notify.v1.NotificationService/MarkNotificationsSeen",
        "/unified.notify.v1.NotificationService/SetPreferences",
        "/unified.notify.v1.NotificationService/UnarchiveNotification",
        "/unified.task.v1.CommentService/CreateComment",
        "/unified.task.v1.CommentService/DeleteComment",
        "/unified.task.v1.CommentService/UpdateComment",
        "/unified.task.v1.TaskService/BatchTasks",
        "/unified.task.v1.TaskService/CreateTask",
        "/unified.task.v1.TaskService/DeleteTask",
        "/unified.task.v1.TaskService/RestoreTask",
        "/unified.task.v1.TaskService/UpdateTask",
    ]
)
