package stage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// The paths of nchan: the publisher's and the subscribers'.
const (
	NchanPublish   = "/publish"
	NchanSubscribe = "/subscribe"
)

// nchanConfig is nginx with nchan as somebody would set it up who wants it fast:
// one worker, in memory, one message kept. Its verbs are the directory, the module,
// a user, the connections, and the address.
const nchanConfig = `load_module %[2]s;
daemon off;
worker_processes 1;
pid %[1]s/pid;
error_log stderr crit;
%[3]s
events { worker_connections %[4]d; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_max_body_size 1m;
  client_body_buffer_size 1m;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  nchan_shared_memory_size 256M;
  server {
    listen %[5]s backlog=4096;
    location = ` + NchanPublish + ` {
      nchan_publisher;
      nchan_channel_id it;
      nchan_message_buffer_length 1;
      nchan_message_timeout 1h;
    }
    location = ` + NchanSubscribe + ` {
      nchan_subscriber websocket eventsource longpoll;
      nchan_channel_id it;
      nchan_subscriber_first_message oldest;
      nchan_subscriber_timeout 0;
    }
  }
}
`

// Nchan starts nginx with nchan, for so many clients.
func (s *Stage) Nchan(ctx context.Context, clients int) (*Process, error) {
	program, err := find("nginx")
	if err != nil {
		return nil, err
	}
	module, err := nchanModule(ctx, program)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.dir, "nchan-")
	if err != nil {
		return nil, err
	}
	return onFreeAddress(func(address string) (*Process, error) {
		text := fmt.Sprintf(nchanConfig, dir, module, asRoot(), clients+clients/8+spareConnections, address)
		config := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			return nil, err
		}
		return s.peer(ctx, "nchan", address, exec.Command(program, "-p", dir, "-e", "stderr", "-c", config))
	})
}

// spareConnections is for who publishes, and for nginx itself, which closes those
// whose request it has not read yet when fewer than a sixteenth are left.
const spareConnections = 100

var modulesPath = regexp.MustCompile(`--modules-path=(\S+)`)

// nchanModule finds nginx's module.
func nchanModule(ctx context.Context, nginx string) (string, error) {
	told, err := exec.CommandContext(ctx, nginx, "-V").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("nginx -V: %w", err)
	}
	dirs := []string{"/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules"}
	if found := modulesPath.FindSubmatch(told); found != nil {
		dirs = append([]string{strings.Trim(string(found[1]), `'"`)}, dirs...)
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, "ngx_nchan_module.so")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("nchan: %w", ErrNotInstalled)
}

// asRoot lets a worker of nginx write into our directories, if root starts it.
func asRoot() string {
	if os.Getuid() == 0 {
		return "user root;"
	}
	return ""
}
