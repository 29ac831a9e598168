// Turn-server is a small STUN and TURN server, for demos, tests and small
// deployments: UDP, TCP and TLS, users with passwords or credentials for a time,
// quotas, and metrics for Prometheus.
//
//	go run ./turn-server -user ann:secret                       on this machine, for demos
//	go run ./turn-server -secret S -public 203.0.113.7          a server on the Internet
//	go run ./turn-server -secret S -credential ann -for 24h     a credential for such a one
//
// A goroutine serves the metrics; it ends with the program.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/parleyrtc/webrtc/examples/internal/turnserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "turn-server:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	server     turnserver.Config
	host       string // in the URLs that are printed; empty for the addresses listened on
	metrics    string
	credential string
	lifetime   time.Duration
}

// users collects name:password pairs.
type users map[string]string

// String returns nothing: passwords are not printed.
func (users) String() string { return "" }

// Set adds a user.
func (u users) Set(s string) error {
	name, password, ok := strings.Cut(s, ":")
	if !ok || name == "" || password == "" {
		return errors.New("want name:password")
	}
	u[name] = password
	return nil
}

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	var public, bind, peers, ports, cert, key string
	c := &o.server
	c.Users = users{}
	flags := flag.NewFlagSet("turn-server", flag.ContinueOnError)
	flags.SetOutput(stdout)
	flags.StringVar(&public, "public", "127.0.0.1", "`address` of this server as peers see it")
	flags.StringVar(&bind, "bind", "", "`address` of this machine, if a NAT is before it; otherwise that of -public")
	flags.StringVar(&o.host, "host", "", "`name` by which clients reach the server; otherwise the address of -public")
	flags.StringVar(&c.UDP, "udp", ":3478", "`address` for UDP, relative to -bind; empty: none")
	flags.StringVar(&c.TCP, "tcp", ":3478", "`address` for TCP; empty: none")
	flags.StringVar(&c.TLS, "tls", "", "`address` for TLS, such as :5349; needs -cert and -key")
	flags.StringVar(&cert, "cert", "", "`file` with the certificate, in PEM")
	flags.StringVar(&key, "key", "", "`file` with its key, in PEM")
	flags.StringVar(&c.Realm, "realm", "parley", "the realm of users and passwords")
	flags.Var(users(c.Users), "user", "`name:password` of a user; may be repeated")
	flags.StringVar(&c.Secret, "secret", os.Getenv("TURN_SECRET"), "the `secret` for credentials for a time; otherwise that of TURN_SECRET in the environment")
	flags.StringVar(&peers, "peers", "", "relay to peers of `kind` public, private (and public) or any; public, or any on a loopback address, unless said otherwise")
	flags.StringVar(&ports, "ports", "49152-65535", "`range` of the ports of relays")
	flags.IntVar(&c.MaxPerUser, "user-quota", 64, "relays that one user may have; 0: any number")
	flags.IntVar(&c.MaxAllocations, "quota", 4096, "relays that there may be; 0: any number")
	flags.StringVar(&o.metrics, "metrics", "", "`address` on which metrics are served over HTTP; empty: none")
	flags.StringVar(&o.credential, "credential", "", "print a credential for a `user` that is made with -secret, and end")
	flags.DurationVar(&o.lifetime, "for", 24*time.Hour, "how `long` the credential is good")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; -help lists what there is", flags.Arg(0))
	}
	if o.credential != "" {
		if c.Secret == "" || o.lifetime <= 0 {
			return o, errors.New("-credential needs -secret, and -for a time above 0")
		}
		return o, nil
	}
	if len(c.Users) == 0 && c.Secret == "" {
		return o, errors.New("neither -user nor -secret: it would relay for nobody")
	}
	return o, o.complete(public, bind, peers, ports, cert, key)
}

// complete turns what flags say into the server's configuration.
func (o *options) complete(public, bind, peers, ports, cert, key string) (err error) {
	c := &o.server
	if c.Relay, err = netip.ParseAddr(public); err != nil {
		return fmt.Errorf("-public: %w", err)
	}
	if c.Bind = c.Relay; bind != "" {
		if c.Bind, err = netip.ParseAddr(bind); err != nil {
			return fmt.Errorf("-bind: %w", err)
		}
	}
	for _, address := range []*string{&c.UDP, &c.TCP, &c.TLS} {
		if strings.HasPrefix(*address, ":") {
			*address = bracketed(c.Bind) + *address
		}
	}
	if o.host == "" {
		o.host = c.Relay.String()
	}
	if n, err := fmt.Sscanf(ports, "%d-%d", &c.MinPort, &c.MaxPort); n != 2 || err != nil {
		return fmt.Errorf("-ports %q, want a range such as 49152-65535", ports)
	}
	switch {
	case peers == "any" || peers == "" && c.Relay.IsLoopback():
		c.Peers = turnserver.AnyPeers
	case peers == "private":
		c.Peers = turnserver.PrivatePeers
	case peers == "public" || peers == "":
		c.Peers = turnserver.PublicPeers
	default:
		return fmt.Errorf("-peers %q, want public, private or any", peers)
	}
	if c.TLS == "" {
		return nil
	}
	certificate, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("-tls: %w", err)
	}
	c.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	return nil
}

func bracketed(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// run serves until the context ends.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if o.credential != "" {
		username, password := turnserver.Credential(o.server.Secret, o.credential, time.Now().Add(o.lifetime))
		return json.NewEncoder(stdout).Encode(struct {
			Username   string `json:"username"`
			Credential string `json:"credential"`
		}{username, password})
	}
	server, err := turnserver.Listen(o.server)
	if err != nil {
		return err
	}
	defer server.Close()
	for _, url := range server.URLs(o.host) {
		fmt.Fprintln(stdout, "relaying at", url)
	}
	if o.metrics == "" {
		<-ctx.Done()
	} else if err := serveMetrics(ctx, o.metrics, server, stdout); err != nil {
		return err
	}
	m := server.Metrics()
	fmt.Fprintf(stdout, "%d relays, %d packets to peers, %d from them\n", m.RelaysOpened, m.PacketsToPeers, m.PacketsFromPeers)
	return nil
}
