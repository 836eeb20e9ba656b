// Pion against a TURN server: data between two relayed addresses over each road, and a data channel between two peers that may use
// relayed candidates only. Says what worked, a line each; the exit status is 1 when something did not.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

const within = 30 * time.Second

// Where the server is, and who we are.
type server struct {
	host               string
	udpPort, tcpPort   int
	username, password string
}

// Ways to the server.
var roads = []string{"udp", "tcp", "tls"}

func (s server) address(road string) string {
	port := s.tcpPort
	if road == "udp" {
		port = s.udpPort
	}
	return fmt.Sprintf("%s:%d", s.host, port)
}

func main() {
	var it server
	flag.StringVar(&it.host, "host", "127.0.0.1", "`address` of the server")
	flag.IntVar(&it.udpPort, "udp-port", 3478, "its UDP port")
	flag.IntVar(&it.tcpPort, "tcp-port", 3478, "its TCP port, which speaks TLS as well; SSL_CERT_FILE names whom to trust")
	flag.StringVar(&it.username, "username", "", "of the credentials")
	flag.Parse()
	it.password = os.Getenv("TURN_PASSWORD")
	failed := false
	check := func(name string, run func() error) {
		started := time.Now()
		if err := run(); err != nil {
			failed = true
			fmt.Printf("FAILED %s: %v\n", name, err)
			return
		}
		fmt.Printf("ok %s, %d ms\n", name, time.Since(started).Milliseconds())
	}
	for _, one := range roads {
		for _, other := range roads {
			check(fmt.Sprintf("relay to relay, %s and %s", one, other), func() error { return relayToRelay(it, one, other) })
		}
	}
	for _, road := range roads {
		check(fmt.Sprintf("data channel, relayed over %s", road), func() error { return dataChannel(it, road) })
	}
	if failed {
		os.Exit(1)
	}
}
