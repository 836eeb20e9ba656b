package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/pion/turn/v4"
)

const (
	packets = 1000
	// As many are on their way at once: we measure the relay, not the buffers of sockets.
	window = 32
)

// Sends packets both ways between two allocations. Each must arrive, unchanged.
func relayToRelay(it server, one, other string) error {
	a, closeA, err := allocate(it, one)
	if err != nil {
		return err
	}
	defer closeA()
	b, closeB, err := allocate(it, other)
	if err != nil {
		return err
	}
	defer closeB()
	// The first of each makes a permission for the other, and may come before that one has made its own.
	for _, pair := range [][2]net.PacketConn{{a, b}, {b, a}} {
		if _, err := pair[0].WriteTo([]byte("open"), pair[1].LocalAddr()); err != nil {
			return fmt.Errorf("permission: %w", err)
		}
	}
	results := make(chan error, 2)
	go func() { results <- pump(a, b) }()
	go func() { results <- pump(b, a) }()
	for range 2 {
		if err := <-results; err != nil {
			return err
		}
	}
	return nil
}

// An allocation over this road, and what ends it.
func allocate(it server, road string) (net.PacketConn, func(), error) {
	conn, err := dial(it, road)
	if err != nil {
		return nil, nil, err
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: it.address(road),
		TURNServerAddr: it.address(road),
		Username:       it.username,
		Password:       it.password,
		Conn:           conn,
	})
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	if err := client.Listen(); err != nil {
		client.Close()
		conn.Close()
		return nil, nil, err
	}
	relayed, err := client.Allocate()
	if err != nil {
		client.Close()
		conn.Close()
		return nil, nil, fmt.Errorf("allocate over %s: %w", road, err)
	}
	return relayed, func() {
		relayed.Close()
		client.Close()
		conn.Close()
	}, nil
}

func dial(it server, road string) (net.PacketConn, error) {
	switch road {
	case "udp":
		return net.ListenPacket("udp", it.host+":0")
	case "tcp":
		conn, err := net.Dial("tcp", it.address(road))
		if err != nil {
			return nil, err
		}
		return turn.NewSTUNConn(conn), nil
	default:
		conn, err := tls.Dial("tcp", it.address(road), &tls.Config{ServerName: it.host})
		if err != nil {
			return nil, err
		}
		return turn.NewSTUNConn(conn), nil
	}
}

func pump(from, to net.PacketConn) error {
	underWay := make(chan struct{}, window)
	sent := make(chan error, 1)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for number := range packets {
			select {
			case underWay <- struct{}{}:
			case <-ended:
				return
			}
			if _, err := from.WriteTo(packet(number), to.LocalAddr()); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	if err := to.SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	arrived := make([]bool, packets)
	buffer := make([]byte, 2048)
	for count := 0; count < packets; {
		n, peer, err := to.ReadFrom(buffer)
		if err != nil {
			select {
			case why := <-sent:
				return fmt.Errorf("%d of %d arrived: %w; sending: %v", count, packets, err, why)
			default:
				return fmt.Errorf("%d of %d arrived: %w", count, packets, err)
			}
		}
		if bytes.Equal(buffer[:n], []byte("open")) {
			continue
		}
		var number int
		if _, err := fmt.Sscanf(string(buffer[:n]), "%d ", &number); err != nil || number < 0 || number >= packets {
			return fmt.Errorf("something else arrived: %q", buffer[:n])
		}
		if !bytes.Equal(buffer[:n], packet(number)) || arrived[number] || peer.String() != from.LocalAddr().String() {
			return fmt.Errorf("packet %d from %v is not as it was sent, or came twice", number, peer)
		}
		arrived[number] = true
		count++
		<-underWay
	}
	return <-sent
}

// Of 5 to 1,200 bytes.
func packet(number int) []byte {
	return append(fmt.Appendf(nil, "%d ", number), bytes.Repeat([]byte{'.'}, number*7%1195)...)
}
