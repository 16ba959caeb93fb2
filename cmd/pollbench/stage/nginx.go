package stage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nginxConfig is nginx as somebody would set it up who wants it fast: one worker,
// nothing logged, connections to the origin kept, bodies streamed and no
// temporary files. Its verbs are the directory, a user, the address, the origin,
// and the location's own lines.
const nginxConfig = `daemon off;
worker_processes 1;
pid %[1]s/pid;
error_log stderr crit;
%[2]s
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  proxy_cache_path %[1]s/cache keys_zone=snapshots:1m inactive=1h use_temp_path=off;
  open_file_cache max=1000 inactive=1h;
  open_file_cache_valid 1h;
  upstream origin {
    server %[4]s;
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen %[3]s;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
%[5]s
    }
  }
}
`

// NginxCache is a location that answers from a cache, NginxPass one that streams
// everything. NginxForward also tells the origin of the request's way what pollmux
// tells it, by the same fields, and the client by Via.
const (
	NginxCache = "      proxy_cache snapshots;\n      proxy_cache_valid 200 1h;"
	NginxPass  = "      proxy_request_buffering off;\n      proxy_max_temp_file_size 0;"

	NginxForward = NginxPass + `
      proxy_set_header Host $http_host;
      proxy_set_header Via "1.1 nginx";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Forwarded "for=$remote_addr;proto=$scheme;host=\"$http_host\"";
      proxy_set_header CDN-Loop nginx;
      add_header Via "1.1 nginx";`
)

// Nginx starts nginx in front of an origin.
func (s *Stage) Nginx(ctx context.Context, origin, location string) (*Process, error) {
	program, err := find("nginx")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.dir, "nginx-") // there may be another with another location
	if err != nil {
		return nil, err
	}
	return onFreeAddress(func(address string) (*Process, error) {
		text := fmt.Sprintf(nginxConfig, dir, asRoot(), address, origin, location)
		config := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(config, []byte(strings.TrimSpace(text)+"\n"), 0o644); err != nil {
			return nil, err
		}
		return s.peer(ctx, "nginx", address, exec.Command(program, "-p", dir, "-e", "stderr", "-c", config))
	})
}
