"""The account form of a mailbox: what stands together, and what each field is called in both languages."""

from __future__ import annotations

from hub.channel import Section

FORM = (
    Section(
        "Addresses",
        "邮箱地址",
        {
            "addresses": (
                "Addresses (support@example.com, or @example.com for a whole domain)",
                "邮箱地址（support@example.com，或用 @example.com 表示整个域）",
            ),
            "from_name": ("Sender name", "发件人名称"),
            "from_address": ("Sender address (if not the first above)", "发件地址（如不是上面第一个）"),
        },
    ),
    Section(
        "Sign-in at the mail server",
        "邮件服务器登录",
        {
            "username": ("User name", "用户名"),
            "password": ("Password", "密码"),
            "tls": ("Encryption", "加密方式"),
        },
    ),
    Section(
        "Receiving (IMAP)",
        "收信（IMAP）",
        {
            "imap_host": ("IMAP server", "IMAP 服务器"),
            "imap_port": ("IMAP port", "IMAP 端口"),
            "imap_folders": ("Folders", "文件夹"),
            "start_from": ("Take in mail from (now, or YYYY-MM-DD)", "收取起始日期（now 或 YYYY-MM-DD）"),
            "mark_seen": ("Mark as read on the server", "在服务器上标为已读"),
            "deleted_goes_to": ("Mail deleted here goes to", "在此删除的邮件移至"),
        },
    ),
    Section(
        "Sending (SMTP)",
        "发信（SMTP）",
        {
            "smtp_host": ("SMTP server", "SMTP 服务器"),
            "smtp_port": ("SMTP port", "SMTP 端口"),
            "sent_copies": ("Copies in the Sent folder are filed by", "“已发送”副本由谁存入"),
            "sent_folder": ("Sent folder (if not found by itself)", "“已发送”文件夹（如不能自动找到）"),
            "read_sent": ("Take in what other programs send", "收取其他程序发出的邮件"),
        },
    ),
    Section(
        "Sign-in by OAuth 2 instead of a password",
        "以 OAuth 2 代替密码登录",
        {
            "oauth2.token_url": ("Token address", "令牌地址"),
            "oauth2.client_id": ("Client id", "客户端 ID"),
            "oauth2.client_secret": ("Client secret", "客户端密钥"),
            "oauth2.refresh_token": ("Refresh token", "刷新令牌"),
            "oauth2.scope": ("Scope", "权限范围"),
        },
        fine=True,
    ),
    Section(
        "Mail door (servers deliver to us)",
        "收信端口（对方服务器直接投递）",
        {
            "door_port": ("Port (none: no door)", "端口（留空则不开放）"),
            "door_host": ("Listens on", "监听地址"),
            "door_protocol": ("Protocol", "协议"),
            "door_name": ("Name of the door", "对外名称"),
            "door_certificate": ("Certificate file", "证书文件"),
            "door_key": ("Key file", "私钥文件"),
        },
        fine=True,
    ),
    Section(
        "Signing and checking senders",
        "签名与发件人验证",
        {
            "dkim_selector": ("DKIM selector", "DKIM 选择器"),
            "dkim_domain": ("DKIM domain (if not the sender's)", "DKIM 域（如不是发件地址的域）"),
            "dkim_key": ("DKIM private key (PEM)", "DKIM 私钥（PEM）"),
            "dkim_key_file": ("DKIM private key (file)", "DKIM 私钥（文件）"),
            "trusted_authserv_ids": ("Servers whose check results are believed", "可信的验证服务器名称"),
            "trusted_hops": (
                "Our own mail servers before the mailbox (names, addresses)",
                "邮箱之前的自有邮件服务器（主机名、地址）",
            ),
            "check_authentication": ("Check SPF, DKIM and DMARC ourselves", "由本系统验证 SPF、DKIM 和 DMARC"),
        },
        fine=True,
    ),
    Section(
        "Fine tuning",
        "细节设置",
        {
            "size_limit_mb": ("Largest mail (MB)", "邮件大小上限（MB）"),
            "in_doubt": ("After a crash while sending", "发送途中崩溃后"),
            "imap_tls": ("IMAP encryption (if another)", "IMAP 加密方式（如不同）"),
            "imap_ca": ("Certificate authorities of the IMAP server (file)", "IMAP 服务器的证书颁发机构（文件）"),
            "imap_timeout_s": ("IMAP time limit (s)", "IMAP 超时（秒）"),
            "imap_idle_s": ("Renew the IMAP watch after (s)", "IMAP 监听续期间隔（秒）"),
            "imap_poll_s": ("Look at other folders every (s)", "其他文件夹查看间隔（秒）"),
            "smtp_ca": ("Certificate authorities of the SMTP server (file)", "SMTP 服务器的证书颁发机构（文件）"),
            "smtp_timeout_s": ("SMTP time limit (s)", "SMTP 超时（秒）"),
            "door_connections": ("Connections at the door", "收信端口连接数"),
            "door_timeout_s": ("Door time limit (s)", "收信端口超时（秒）"),
        },
        fine=True,
    ),
)
