"""Vouchers for cloud services (云服务券), as Jining has them: who gets one, how much, once, and when it is paid."""
