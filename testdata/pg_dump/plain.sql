--
-- PostgreSQL database dump
--

\restrict beP80HiiiHqAOGFc8D5zEly86vy5d241XccfOh63Wl09YwnzTK6V1J0vcnOzjK6

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: v_extensions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.v_extensions (
    extension_uuid text,
    extension text,
    password text,
    accountcode text,
    user_context text,
    enabled text
);


--
-- Name: v_user_logs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.v_user_logs (
    user_log_uuid text,
    "timestamp" timestamp with time zone,
    username text,
    type text,
    result text,
    remote_address text,
    user_agent text
);


--
-- Name: v_xml_cdr; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.v_xml_cdr (
    xml_cdr_uuid uuid,
    extension_uuid text,
    direction text,
    context text,
    caller_id_name text,
    caller_id_number text,
    destination_number text,
    start_epoch numeric,
    start_stamp timestamp with time zone,
    answer_epoch numeric,
    end_epoch numeric,
    end_stamp timestamp with time zone,
    duration numeric,
    billsec numeric,
    network_addr text,
    leg character(1),
    originating_leg_uuid uuid,
    last_app text,
    last_arg text,
    hangup_cause text,
    json jsonb
);


--
-- Name: 16427; Type: BLOB; Schema: -; Owner: -
--

SELECT pg_catalog.lo_create('16427');


--
-- Data for Name: v_extensions; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.v_extensions (extension_uuid, extension, password, accountcode, user_context, enabled) FROM stdin;
e1	1007	not-a-real-one-9Kq	1007	pbx.example	true
e2	1008	not-a-real-one-8Kq	1008	pbx.example	true
\.


--
-- Data for Name: v_user_logs; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.v_user_logs (user_log_uuid, "timestamp", username, type, result, remote_address, user_agent) FROM stdin;
u1	2026-11-20 16:00:01.5+00	admin	login	failure	203.0.113.9	curl/8
u2	2026-11-20 16:00:05+00	admin	login	success	203.0.113.9	curl/8
\.


--
-- Data for Name: v_xml_cdr; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.v_xml_cdr (xml_cdr_uuid, extension_uuid, direction, context, caller_id_name, caller_id_number, destination_number, start_epoch, start_stamp, answer_epoch, end_epoch, end_stamp, duration, billsec, network_addr, leg, originating_leg_uuid, last_app, last_arg, hangup_cause, json) FROM stdin;
5bd0a656-5842-4d47-8bb7-15e92240784d	e1	outbound	pbx.example	A "b" c	442079460000	0024390777000	1795194513	2026-11-20 17:08:33+00	1795194515	1795194541	2026-11-20 17:09:01+00	26	26	192.0.2.77	a	\N	bridge	sofia/gateway/carrier/0024390777000	NORMAL_CLEARING	{"a": "line\\nend"}
6bd0a656-5842-4d47-8bb7-15e92240784d	\N	outbound	pbx.example	A	442079460000	0024390777000	1795194514	2026-11-20 17:08:34+00	1795194515	1795194541	2026-11-20 17:09:01+00	26	26	198.51.100.20	b	5bd0a656-5842-4d47-8bb7-15e92240784d	\N	\N	NORMAL_CLEARING	\N
7bd0a656-5842-4d47-8bb7-15e92240784d	e2	inbound	public	Somebody	+34600	1008	1795194600	2026-11-20 17:10:00+00	0	1795194620	2026-11-20 17:10:20+00	0	0	198.51.100.20	a	\N	bridge	user/1008@pbx.example	NO_ANSWER	\N
\.


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('16427', 131072);
SELECT pg_catalog.lowrite(0, '\x61206c61726765206f626a656374');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- PostgreSQL database dump complete
--

\unrestrict beP80HiiiHqAOGFc8D5zEly86vy5d241XccfOh63Wl09YwnzTK6V1J0vcnOzjK6

