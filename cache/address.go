package cache

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// InMemory is the address of a cache that nobody shares.
const InMemory = "memory:"

// Timeouts of connections, where the address does not say otherwise. What a
// request waits for is bounded by [Budget], whatever these say.
const (
	dialTimeout = 500 * time.Millisecond
	poolSize    = 1 + spareLanes + 1 // the probe's
)

// Address is where quotes are kept: in memory (the zero value) or in a Redis.
type Address struct{ options *redis.UniversalOptions }

// Shared reports whether it is a Redis.
func (a Address) Shared() bool { return a.options != nil }

// String is the address without user, password and options.
func (a Address) String() string {
	if a.options == nil {
		return InMemory
	}
	return strings.Join(a.options.Addrs, ",")
}

// errPassword is told instead of what a URL parser says, for that may quote
// the password.
var errPassword = errors.New("it cannot be read as a URL; special characters in the password must be percent-encoded, as in p%40ss for p@ss")

// furtherURL is where a list goes on with a whole URL.
var furtherURL = regexp.MustCompile(`,(rediss?)://(?:[^@/,]*@)?`)

// ParseAddress reads where quotes are kept:
//
//	memory:                                                  this process only
//	redis://user:password@host:6379/0                        one Redis; rediss:// for TLS
//	redis://user:password@host1:6379,host2:6379              a cluster; also one host with ?cluster=true
//	redis://host1:26379,host2:26379/0?master_name=mymaster   sentinels; user and password are those of Redis itself,
//	                                                         sentinel_username and sentinel_password theirs
//	unix:///run/redis.sock                                   a socket
//
// Further options are those of go-redis, such as skip_verify, dial_timeout and
// pool_size. No error tells the password.
func ParseAddress(text string) (Address, error) {
	if text == InMemory {
		return Address{}, nil
	}
	scheme, rest, _ := strings.Cut(text, "://")
	switch scheme {
	case "redis", "rediss", "unix":
	default:
		return Address{}, errors.New("it is neither memory: nor begins with redis://, rediss:// or unix://")
	}
	user, list, tail, err := split(scheme, rest)
	if err != nil {
		return Address{}, err
	}
	hosts := strings.Split(list, ",")
	u, err := url.Parse(scheme + "://" + user + hosts[0] + tail)
	if err != nil {
		return Address{}, errPassword
	}
	return address(u, hosts[1:])
}

// split takes apart who, the hosts, and path with query. Hosts end where path,
// query or fragment begin; a user ends at the last @ before that, and an @
// behind it was part of a password.
func split(scheme, rest string) (user, hosts, tail string, err error) {
	if rest, err = oneURL(scheme, rest); err != nil {
		return "", "", "", err
	}
	hosts = rest
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		hosts, tail = rest[:at], rest[at:]
	}
	if at := strings.LastIndex(hosts, "@"); at >= 0 {
		user, hosts = hosts[:at+1], hosts[at+1:]
	}
	switch {
	case strings.Contains(tail, "@"):
		err = errPassword
	case strings.Contains(user, ","):
		err = errors.New("user and password stand once, before the first host; a comma in the password is %2C")
	}
	return user, hosts, tail, err
}

// oneURL makes a list of whole URLs one URL with a list of hosts.
func oneURL(scheme, rest string) (string, error) {
	for _, further := range furtherURL.FindAllStringSubmatch(rest, -1) {
		if further[1] != scheme {
			return "", errors.New("redis:// and rediss:// cannot be mixed")
		}
	}
	return furtherURL.ReplaceAllString(rest, ","), nil
}

// address reads one URL and the further hosts of its list.
func address(u *url.URL, further []string) (Address, error) {
	query := u.Query()
	own := func(name string) string {
		value := query.Get(name)
		query.Del(name)
		return value
	}
	o := &redis.UniversalOptions{
		MasterName: own("master_name"), SentinelUsername: own("sentinel_username"), SentinelPassword: own("sentinel_password"),
	}
	cluster := own("cluster")
	u.RawQuery = query.Encode()
	single, err := redis.ParseURL(u.String())
	if err != nil {
		return Address{}, errors.New(strings.TrimPrefix(err.Error(), "redis: "))
	}
	if o.IsClusterMode = cluster == "true"; cluster != "" && !o.IsClusterMode {
		return Address{}, fmt.Errorf("cluster=%s: it is true or left out", cluster)
	}
	o.Addrs = append(o.Addrs, single.Addr)
	for _, host := range further {
		name, port, err := hostPort(host)
		if err != nil {
			return Address{}, err
		}
		o.Addrs = append(o.Addrs, net.JoinHostPort(name, port))
	}
	isCluster := o.MasterName == "" && (o.IsClusterMode || len(o.Addrs) > 1)
	if isCluster && single.DB != 0 {
		return Address{}, errors.New("a cluster has database 0 only")
	}
	take(o, single)
	return Address{options: o}, nil
}

// hostPort reads a further host of a list.
func hostPort(host string) (name, port string, err error) {
	u, err := url.Parse("redis://" + host)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return "", "", errors.New("a further address is not host:port")
	}
	return u.Hostname(), cmp.Or(u.Port(), "6379"), nil
}

// take copies what a URL says, within our bounds: no retries, no waiting
// beyond a context, few connections, each greeting one round trip.
func take(o *redis.UniversalOptions, single *redis.Options) {
	o.DB, o.Username, o.Password, o.TLSConfig = single.DB, single.Username, single.Password, single.TLSConfig
	if o.TLSConfig != nil {
		o.TLSConfig.ServerName = "" // each node's own
	}
	o.Protocol, o.ClientName = single.Protocol, single.ClientName
	o.MaxRetries, o.DialerRetries = -1, 1
	o.ContextTimeoutEnabled = true
	o.DialTimeout = cmp.Or(single.DialTimeout, dialTimeout)
	o.ReadTimeout, o.WriteTimeout = single.ReadTimeout, single.WriteTimeout
	o.PoolSize = cmp.Or(single.PoolSize, poolSize)
	o.PoolTimeout = cmp.Or(single.PoolTimeout, tripTimeout)
	o.PipelinePoolSize = -1 // one pool is enough
	o.PoolFIFO, o.MinIdleConns, o.MaxIdleConns = single.PoolFIFO, single.MinIdleConns, single.MaxIdleConns
	o.MaxActiveConns, o.MaxConcurrentDials = single.MaxActiveConns, single.MaxConcurrentDials
	o.ConnMaxIdleTime, o.ConnMaxLifetime = single.ConnMaxIdleTime, single.ConnMaxLifetime
	o.ConnMaxLifetimeJitter = single.ConnMaxLifetimeJitter
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// connect makes the client; it dials when it is first asked.
func (a Address) connect() redis.UniversalClient { return redis.NewUniversalClient(a.options) }
