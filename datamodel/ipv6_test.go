package datamodel_test

import (
	"maps"
	"slices"
	"testing"
)

// TestEveryWritableParameterOfIPv6 is TestEveryWritableParameter for what odhcp6c and odhcpd do.
func TestEveryWritableParameterOfIPv6(t *testing.T) {
	maps.Copy(other, map[string][]string{
		"DHCPv6.Client.{i}.Interface":                        {"Device.IP.Interface.4"},
		"Pool.{i}.IAPDAddLength":                             {"4"},
		"RouterAdvertisement.InterfaceSetting.{i}.Interface": {"Device.IP.Interface.3"},
		"InterfaceSetting.{i}.AdvDefaultLifetime":            {"3600"},
		"InterfaceSetting.{i}.RDNSS":                         {"2001:db8::53,2001:db8::54"},
		"InterfaceSetting.{i}.DNSSL":                         {"home.example,lan"},
	})
	for _, object := range []string{"Device.DHCPv6.", "Device.RouterAdvertisement."} {
		t.Run(object, func(t *testing.T) {
			l := newLAN(t)
			all := l.writable(object)
			for _, path := range slices.Sorted(maps.Keys(all)) {
				if !all[path].Command {
					l.roundTrip(path, all[path])
				}
			}
		})
	}
}
