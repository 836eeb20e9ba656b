package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"
)

// Two peers that may use relayed candidates only, and a data channel between them.
func dataChannel(it server, road string) error {
	url := fmt.Sprintf("turn:%s?transport=%s", it.address(road), road)
	if road == "tls" {
		url = fmt.Sprintf("turns:%s?transport=tcp", it.address(road))
	}
	config := webrtc.Configuration{
		ICEServers:         []webrtc.ICEServer{{URLs: []string{url}, Username: it.username, Credential: it.password}},
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	}
	ana, err := webrtc.NewPeerConnection(config)
	if err != nil {
		return err
	}
	defer ana.Close()
	ben, err := webrtc.NewPeerConnection(config)
	if err != nil {
		return err
	}
	defer ben.Close()
	ben.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(func(message webrtc.DataChannelMessage) { _ = channel.Send(message.Data) })
	})
	channel, err := ana.CreateDataChannel("talk", nil)
	if err != nil {
		return err
	}
	echoed := make(chan string, 1)
	channel.OnOpen(func() { _ = channel.SendText("hello") })
	channel.OnMessage(func(message webrtc.DataChannelMessage) { echoed <- string(message.Data) })
	if err := introduce(ana, ben); err != nil {
		return err
	}
	select {
	case text := <-echoed:
		if text != "hello" {
			return fmt.Errorf("%q came back", text)
		}
	case <-time.After(within):
		return fmt.Errorf("nothing came back; ICE is %s", ana.ICEConnectionState())
	}
	pair, err := ana.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil {
		return err
	}
	if pair.Local.Typ != webrtc.ICECandidateTypeRelay || pair.Remote.Typ != webrtc.ICECandidateTypeRelay {
		return fmt.Errorf("they talk by %s", pair)
	}
	return nil
}

// Offer and answer, with all candidates in them.
func introduce(ana, ben *webrtc.PeerConnection) error {
	offer, err := ana.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := settle(ana, offer); err != nil {
		return err
	}
	if err := ben.SetRemoteDescription(*ana.LocalDescription()); err != nil {
		return err
	}
	answer, err := ben.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := settle(ben, answer); err != nil {
		return err
	}
	return ana.SetRemoteDescription(*ben.LocalDescription())
}

func settle(peer *webrtc.PeerConnection, description webrtc.SessionDescription) error {
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetLocalDescription(description); err != nil {
		return err
	}
	select {
	case <-gathered:
		return nil
	case <-time.After(within):
		return errors.New("candidates are not gathered")
	}
}
