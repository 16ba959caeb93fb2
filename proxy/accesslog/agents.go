package accesslog

import "bytes"

// monitorAgents and monitorPaths are of those who ask whether the origin is alive.
// An answer out of a snapshot would be a lie to them.
var monitorAgents = [][]byte{
	[]byte("kube-probe"), []byte("elb-healthchecker"), []byte("googlehc"), []byte("amazon-route53"), []byte("prometheus/"), []byte("uptime"), []byte("pingdom"),
	[]byte("statuscake"), []byte("site24x7"), []byte("blackbox"), []byte("nagios"), []byte("check_http"), []byte("zabbix"), []byte("datadog"), []byte("newrelicpinger"),
	[]byte("haproxy"), []byte("envoy/hc"), []byte("consul health"), []byte("azure traffic manager"), []byte("health"), []byte("monit/"),
}

var monitorPaths = map[string]bool{
	"/healthz": true, "/livez": true, "/readyz": true, "/health": true, "/-/healthy": true, "/-/ready": true, "/ping": true, "/up": true, "/alive": true,
	"/health/live": true, "/health/ready": true, "/actuator/health": true, "/metrics": true, "/actuator/prometheus": true, "/nginx_status": true, "/server-status": true, "/stub_status": true,
}

// robotAgents are of those who walk from page to page.
var robotAgents = [][]byte{
	[]byte("bot"), []byte("crawl"), []byte("spider"), []byte("slurp"), []byte("archiver"), []byte("mediapartners"), []byte("facebookexternalhit"),
	[]byte("scrapy"), []byte("wget"), []byte("nutch"), []byte("httrack"), []byte("feedfetcher"), []byte("bingpreview"), []byte("yandex"), []byte("baidu"), []byte("petal"),
	[]byte("semrush"), []byte("screaming frog"),
}

// kind is what a request says of who sent it.
type kind uint8

const (
	anybody kind = iota
	monitor
	robot
)

// kinds knows user agents that it was asked about. It belongs to one parser.
type kinds struct {
	known   map[string]kind
	lowered []byte
}

// maxAgents is how many user agents are remembered; others are looked at again.
const maxAgents = 4096

// of returns what a user agent and a path say.
func (k *kinds) of(agent, path []byte) kind {
	if len(path) <= 20 && monitorPaths[string(path)] {
		return monitor
	}
	if len(agent) == 0 {
		return anybody
	}
	known, ok := k.known[string(agent)]
	if !ok {
		known = k.look(agent)
		if len(k.known) < maxAgents && len(agent) < 512 {
			if k.known == nil {
				k.known = map[string]kind{}
			}
			k.known[string(agent)] = known
		}
	}
	return known
}

func (k *kinds) look(agent []byte) kind {
	k.lowered = k.lowered[:0]
	for _, c := range agent {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		k.lowered = append(k.lowered, c)
	}
	for _, part := range monitorAgents {
		if bytes.Contains(k.lowered, part) {
			return monitor
		}
	}
	for _, part := range robotAgents {
		if bytes.Contains(k.lowered, part) {
			return robot
		}
	}
	return anybody
}
