//! What is known of the Service Control Manager of Windows. It is portable: nothing here touches a host.
