//! Classes of IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What an address is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Never a target.
    Reserved,
    /// The gateway's own machine.
    Loopback,
    /// A network of the company.
    Private,
    /// The Internet.
    Public,
}

const LOOPBACK: [IpNet; 2] = [v4(127, 0, 0, 0, 8), v6([0, 0, 0, 0, 0, 0, 0, 1], 128)];

const PRIVATE: [IpNet; 5] = [
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10), // shared by a provider's customers (CGNAT); also internal services of clouds
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), // unique local
];

/// The special-purpose addresses (IANA) and the metadata services of clouds. For IPv6, this is everything except 2000::/3
/// (global unicast) and fc00::/7 (unique local), and parts of these two.
const RESERVED: [IpNet; 33] = [
    v4(0, 0, 0, 0, 8),          // this network
    v4(100, 100, 100, 200, 32), // metadata of Alibaba Cloud
    v4(168, 63, 129, 16, 32),   // metadata of Azure
    v4(169, 254, 0, 0, 16),     // link-local; metadata of most clouds
    v4(192, 0, 0, 0, 24),       // protocol assignments; metadata of Oracle Cloud
    v4(192, 0, 2, 0, 24),       // documentation
    v4(192, 88, 99, 0, 24),     // relays of 6to4
    v4(198, 18, 0, 0, 15),      // benchmarking
    v4(198, 51, 100, 0, 24),    // documentation
    v4(203, 0, 113, 0, 24),     // documentation
    v4(224, 0, 0, 0, 4),        // multicast
    v4(240, 0, 0, 0, 4),        // future use; broadcast
    // Unspecified, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard-only, and IPv4 addresses in other forms.
    v6([0, 0, 0, 0, 0, 0, 0, 0], 3),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments: Teredo (2001::/32), benchmarking, ORCHID
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4: embeds an IPv4 address
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
    v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 2),
    v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 2),
    v6([0xc000, 0, 0, 0, 0, 0, 0, 0], 3),
    v6([0xe000, 0, 0, 0, 0, 0, 0, 0], 4),
    v6([0xf000, 0, 0, 0, 0, 0, 0, 0], 5),
    v6([0xf800, 0, 0, 0, 0, 0, 0, 0], 6),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), // metadata of AWS
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253], 128), // resolver of AWS
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123], 128), // time service of AWS
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128),  // metadata of containers of AWS
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128),  // metadata of Google Cloud
    v6([0xfe00, 0, 0, 0, 0, 0, 0, 0], 9),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), // link-local
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), // site-local
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),  // multicast
    v6([0xfd00, 0xc1, 0, 0, 0xa9fe, 0xa9fe, 0xa9fe, 0xa9fe], 128), // metadata of Oracle Cloud
];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), prefix)
}

impl Class {
    /// The class of an address. An IPv4-mapped IPv6 address must be converted first.
    pub(super) fn of(ip: IpAddr) -> Self {
        let within = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&ip));
        if within(&LOOPBACK) {
            Self::Loopback
        } else if within(&RESERVED) {
            Self::Reserved
        } else if within(&PRIVATE) {
            Self::Private
        } else {
            Self::Public
        }
    }
}

/// Whether all addresses of the network are reserved.
pub(super) fn is_reserved(network: &IpNet) -> bool {
    let within = |networks: &[IpNet]| networks.iter().any(|other| other.contains(network));
    within(&RESERVED) && !within(&LOOPBACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_the_tables_are_written_without_host_bits() {
        for network in LOOPBACK.iter().chain(&PRIVATE).chain(&RESERVED) {
            assert_eq!(*network, network.trunc());
        }
    }

    #[test]
    fn classes_at_the_edges_of_networks() {
        let table = [
            (
                Class::Reserved,
                "0.0.0.0 0.255.255.255 100.100.100.200 168.63.129.16 169.254.0.0 169.254.169.254 192.0.0.192 \
                 192.0.2.1 192.88.99.1 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 \
                 240.0.0.1 255.255.255.255 :: ::2 ::7f00:1 ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 1fff::1 \
                 2001::1 2001:0:7f00:1:: 2001:2::1 2001:20::1 2001:db8::1 2002:7f00:1::1 3fff::1 4000::1 5f00::1 \
                 8000::1 fbff::1 fd00:ec2::254 fd20:ce::254 fe00::1 fe80::1 febf::1 fec0::1 ff02::1",
            ),
            (Class::Loopback, "127.0.0.1 127.255.255.255 ::1"),
            (
                Class::Private,
                "10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.199 100.127.255.255 172.16.0.0 172.31.255.255 \
                 192.168.0.0 192.168.255.255 fc00::1 fd00:ec2::255 fdff::1",
            ),
            (
                Class::Public,
                "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 \
                 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 \
                 198.20.0.0 223.255.255.255 2001:200::1 2001:4860:4860::8888 2400:3200::1 2600::1 3ffe::1",
            ),
        ];
        for (class, addresses) in table {
            for ip in addresses.split_whitespace() {
                assert_eq!(Class::of(ip.parse().unwrap()), class, "{ip}");
            }
        }
    }
}
